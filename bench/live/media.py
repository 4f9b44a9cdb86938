"""Films to encode, and the jobs that encode them."""

import json
import subprocess

RATE = 25  # frames a second


def clip(path, seconds, size="320x180"):
    """A film at RATE frames a second."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
                    f"testsrc2=size={size}:rate={RATE}:d={seconds}", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50",
                    str(path)], check=True)
    return path


def encode(source, output, preset="ultrafast", **input_options):
    """A job of one x264 encode."""
    options = {"codec": "libx264", "preset": preset}
    data = {"sources": [str(source)], "input_options": input_options,
            "source_maps": [{"source": 0, "specifier": "v"}],
            "output_maps": [{"specifier": "v", "stream": 0, "options": options}], "output_file": str(output)}
    return {"job_title": output.name, "tasks": [{"module": "ffmpeg", "data": data}]}


def endless(source, output, preset="medium", **input_options):
    """An hour of it, as fast as the machine can."""
    return encode(source, output, preset, stream_loop=-1, t=3600, **input_options)


def frames(path):
    """How many there are, counted to the end of the file."""
    told = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries",
                           "stream=nb_read_packets", "-of", "csv=p=0", str(path)], capture_output=True, text=True,
                          check=True)
    return int(told.stdout)


def run_argv(sisyphus, job):
    """What a worker executes for the first task, as `plan` tells it."""
    told = subprocess.run([sisyphus, "plan", "--json", "-"], input=json.dumps(job), capture_output=True, text=True,
                          check=True)
    return json.loads(told.stdout)["tasks"][0]["run_argv"]
