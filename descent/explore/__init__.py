"""Explorables: pictures with controls, one module a chapter."""
