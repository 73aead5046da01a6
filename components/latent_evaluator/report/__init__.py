"""report.html: the evaluation of a model as one page that opens anywhere, offline.

page      write_report(path, inputs) is the way in
inputs    what a report is made of; gathering: from what the executor has measured
panels    which images are decoded and shown, of a subject: a model and its images
embedding how images get into the file
measures  the table of metrics; facts: slices, attribute vectors, data card
charts    curves, histograms and heat map as SVG geometry
templates the page itself: HTML, style and script
"""
