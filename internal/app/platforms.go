package app

import "zugou/internal/centre/platform"

// platforms wires the door for other systems, and has the city's centre told
// of every stage of its orders.
func (a *App) platforms() {
	a.Platforms = platform.NewService(a.DB, a.Keys)
	a.Platforms.Schedule(a.Jobs)
	a.Orders.Report(a.Platforms.Told)
}

func (a *App) platformDoor() platform.Door {
	return platform.Door{Service: a.Platforms, Seat: a.Seat, Orders: a.Orders, District: a.Config.District}
}
