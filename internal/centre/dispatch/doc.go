// Package dispatch sends people: orders with a life-line, each stage with its
// own clock, up the chain and sideways when a clock is missed.
//
//	offered ─accept─► accepted ─depart─► on_the_way ─arrive─► on_scene
//	   │ ▲                                                       │ handle
//	   │ │ decline: moves on at once,                            ▼
//	   │ │ the first clock keeps running                      handled
//	   │ └──────────────┐                                        │ feedback
//	   └─clock missed: step + 1, more people are called          ▼
//	                    │                          called_back ◄─ fed_back
//	   any later stage ─┘ clock missed: the same, and whoever     callback, by the seat
//	                      accepts takes the order over
//
// Always true:
//   - While an order is active a clock runs, and the clock is a stored job.
//   - Stages only go forward, except that a taken-over or declined order is
//     accepted anew. A phone that was offline may skip stages, never go back.
//   - The earlier rungs stay called when a later one is: anybody may accept
//     until somebody has.
//   - A press is "as of the step I was told": pressing twice, or two operators
//     at once, never skips a rung.
//   - Who is on the conflict list is never offered an order.
//   - At the last rung the order calls again, every time the clock is missed,
//     until someone accepts. The district can't refuse.
package dispatch
