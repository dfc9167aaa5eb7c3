"""Published systems, one file each, in folders by purpose."""
