"""The shop's pictures, drawn from the product's number."""

from scrpy.demo.catalogue import dice

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" role="img">
<rect width="400" height="300" fill="hsl({hue} 45% 86%)"/>
<circle cx="{x}" cy="{y}" r="{r}" fill="hsl({hue} 55% 62%)"/>
<path d="M0 300 L0 {left} Q200 {middle} 400 {right} L400 300 Z" fill="hsl({other} 40% 45%)"/>
</svg>
"""


def image(number: int) -> str:
    hue = dice(number, "hue", 360)
    return SVG.format(
        hue=hue,
        other=(hue + 40) % 360,
        x=120 + dice(number, "x", 160),
        y=80 + dice(number, "y", 70),
        r=40 + dice(number, "r", 40),
        left=170 + dice(number, "left", 80),
        middle=120 + dice(number, "middle", 120),
        right=170 + dice(number, "right", 80),
    )
