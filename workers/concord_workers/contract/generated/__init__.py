"""Types and tables of the contract.

Generated from schemas/*.json by cargo xtask codegen; edit the schema instead.
"""
