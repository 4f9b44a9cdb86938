"""A bar chart as SVG text."""

from xml.sax.saxutils import escape


def bar_chart(bars, label_width=270):
    """`bars`: (label, value, what is written behind the bar, whether it stands out)."""
    longest = max(value for _, value, _, _ in bars)
    height = 24 * len(bars) + 20
    text = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{label_width + 590}" height="{height}" '
            'font-family="sans-serif" font-size="13">']
    for index, (label, value, words, stands_out) in enumerate(bars):
        top = 10 + 24 * index
        width = 480 * value / longest
        colour = "#2f6f4f" if stands_out else "#b0b0b0"
        text += [f'<text x="{label_width}" y="{top + 14}" text-anchor="end">{escape(label)}</text>',
                 f'<rect x="{label_width + 10}" y="{top}" width="{width:.0f}" height="18" fill="{colour}"/>',
                 f'<text x="{label_width + 16 + width:.0f}" y="{top + 14}">{escape(words)}</text>']
    return "\n".join([*text, "</svg>", ""])
