package notify_test

import (
	"context"

	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// as gives a request of a person: "leader" leads the seat, everybody else
// works in a grid.
func as(account id.ID) context.Context {
	role := access.GridWorker
	if account == "leader" {
		role = access.SeatLeader
	}
	return access.With(context.Background(), access.Actor{Account: account,
		Grants: []access.Grant{{Role: role, Region: "500111", Department: access.CivilAffairs}}})
}
