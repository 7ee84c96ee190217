"""An extension."""
