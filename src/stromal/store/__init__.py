"""Books that last: every store keeps the sealed rows of `ledger.chain`, and all of them keep one contract."""
