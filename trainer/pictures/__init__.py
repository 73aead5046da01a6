"""Pictures of a training: Pillow drawings, when they are made, and the callback that makes them.

schedule  which epochs are drawn
sheet     images in rows and grids, as one picture
scatter   codes of labelled images as points
animation a GIF of numbered pictures
callback  draws while a model trains
"""
