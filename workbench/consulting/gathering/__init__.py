"""What each advisor is shown: gathered from the store, and measured where nobody has measured it yet."""
