"""Train: clips, the loop, recipes, export and the folder that ships."""
