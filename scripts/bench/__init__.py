"""What the program takes, beside a floor and beside peers."""
