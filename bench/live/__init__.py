"""What a live encoding box takes: ./dev bench live."""
