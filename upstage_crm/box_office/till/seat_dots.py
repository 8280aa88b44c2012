"""The live seat map of a till: dots over the picture of a hall, marked by a press.

seat_dots(rows, codes, backdrop, label)

What is marked lives in the browser until Enter holds it (`till_keys`); what a dot means is told by
its shape as on the house map, never by its colour alone.
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Text

MARKS = """
const upstageMarks = {at: [], hear: new Set(),
  set(next) { this.at = next; this.hear.forEach((one) => one()) }}

function useUpstageMarks() {
  return useSyncExternalStore(
    (one) => { upstageMarks.hear.add(one); return () => upstageMarks.hear.delete(one) },
    () => upstageMarks.at, () => upstageMarks.at)
}
"""
"""The seats that are marked, by their places in the plan: shared by the map and the keys."""

_CODE = """
const upstageLooks = {".": ["u-house-ring", "u-house-hole"],
  h: ["u-house-ring", "u-house-hole", "u-house-held"], s: ["u-house-sold"],
  m: ["u-house-ring", "u-seat-mine"], x: ["u-house-ring", "u-seat-marked"]}
const upstageNear = 14

function upstageLooksOf(code) { return upstageLooks[code] || ["u-house-kept"] }

function UpstageSeatDots({rows, codes, backdrop, label}) {
  const box = useRef(null)
  const marks = useUpstageMarks()
  const [over, setOver] = useState("")
  const seats = useMemo(() => (rows ? JSON.parse(rows) : []).flatMap(([section, row, own]) =>
    own.map(([number, x, y]) => ({x, y, name: `${section}, row ${row}, seat ${number}`}))), [rows])
  const view = useMemo(() => (/viewBox="([^"]*)"/.exec(backdrop) || [])[1], [backdrop])
  useEffect(() => upstageMarks.set([]), [rows])
  useEffect(() => {
    const free = marks.filter((at) => codes[at] === ".")
    if (free.length !== marks.length) upstageMarks.set(free)
  }, [codes])
  const paths = useMemo(() => {
    const found = {}
    const marked = new Set(marks)
    seats.forEach(({x, y}, at) => {
      const looks = upstageLooksOf(marked.has(at) ? "x" : codes[at])
      looks.forEach((look, depth) => {
        const name = `${depth} ${look}`
        found[name] = (found[name] || "") + `M${x} ${y}h0`
      })
    })
    return Object.entries(found).sort(([one], [other]) => one < other ? -1 : 1)
  }, [seats, codes, marks])
  const letters = useMemo(() => seats.map((seat, at) => ({...seat, at, letter: codes[at]}))
    .filter((one) => /[A-Z]/.test(one.letter || "")), [seats, codes])
  const nearest = (event) => {
    const svg = box.current
    const point = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(svg.getScreenCTM().inverse())
    let best = -1, least = upstageNear
    seats.forEach(({x, y}, at) => {
      const away = Math.hypot(x - point.x, y - point.y)
      if (away < least) { best = at; least = away }
    })
    return best
  }
  const words = {".": "free", h: "in a basket", s: "sold", m: "yours"}
  const press = (event) => {
    const at = nearest(event)
    if (at < 0 || codes[at] !== ".") return
    upstageMarks.set(marks.includes(at) ? marks.filter((one) => one !== at) : [...marks, at])
  }
  const look = (event) => {
    const at = nearest(event)
    const said = at < 0 ? "" : `${seats[at].name}: ${words[codes[at]] || "held back"}`
    if (said !== over) setOver(said)
  }
  if (!seats.length) return null
  return jsx("div", {className: "u-till-map"},
    jsx("div", {"aria-hidden": true, dangerouslySetInnerHTML: {__html: backdrop}}),
    jsx("svg", {ref: box, viewBox: view, className: "u-plan u-till-dots", role: "img",
      "aria-label": label, onClick: press, onPointerMove: look,
      onPointerLeave: () => setOver("")},
      paths.map(([name, path]) => jsx("path", {key: name, d: path,
        className: `u-seats ${name.slice(name.indexOf(" ") + 1)}`})),
      letters.map(({at, x, y, letter}) => jsx("text", {key: at, x, y: y + 3.5,
        className: "u-plan-mark"}, letter))),
    jsx("p", {className: "u-muted u-till-over", "aria-hidden": true},
      over || (marks.length ? marks.map((at) => seats[at]?.name).join("; ")
        : "Press seats to mark them, Enter to take them.")))
}
"""


def seat_dots(rows: Text, codes: Text, backdrop: Text, *, label: Text) -> rx.Component:
    """Return the map. `rows` and `codes` are those of `till_map`, `backdrop` is the hall's SVG."""
    return _SeatDots.create(rows=rows, codes=codes, backdrop=backdrop, label=label)


class _SeatDots(rx.Component):
    """The map in the browser: nothing reaches the server until Enter."""

    tag = "UpstageSeatDots"

    rows: rx.Var[str]
    codes: rx.Var[str]
    backdrop: rx.Var[str]
    label: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {
            "react": ["useEffect", "useMemo", "useRef", "useState", "useSyncExternalStore"],
            "@emotion/react": "jsx",
        }

    def add_custom_code(self) -> list[str]:
        return [MARKS, _CODE]
