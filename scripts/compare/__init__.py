"""The same small disasters, in the words of each tool."""
