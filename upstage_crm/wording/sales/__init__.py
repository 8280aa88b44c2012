"""The words of what is sold, paid and given back."""
