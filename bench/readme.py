"""The fleet of the README, as a program of its own."""

from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_BLOCK = README.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
PROGRAM = f'{_BLOCK.partition("with tt.connect")[0]}tt.Fleet(name="shop", groups=[web])\n'
"""Its ten lines as far as they declare, and no plan."""
