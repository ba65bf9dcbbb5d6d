"""Personas made up by rule: as many as one likes, for scaling and for trying out.

Every attribute is drawn from tables that were written by hand, under weights that were set by
hand so that people differ. They are no census: how often an age, a work or a household occurs
here says nothing about any country.
"""
