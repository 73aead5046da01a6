"""report.html: the evaluation of a model as one page that opens anywhere, offline.

page          write_report(path, inputs) writes it
inputs        the contents of a report, collected from the outcome of an evaluation
registry      how a section is declared; sections: all of them, in the order of the page
image_panels  the images that are decoded and shown; model_view: a model with its images
data_uri      images inside the file
tables        metrics, slices, attribute vectors, data card
charts        curves, histograms and heat map as SVG geometry
templates     the page itself: HTML, style and script, a template for each section
"""
