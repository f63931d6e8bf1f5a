package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/clock"
	"zugou/internal/people/duty"
)

// duty registers rosters, gaps, hand-overs and the calendar.
func (a *API) duty(s *duty.Service) {
	call(a, http.MethodGet, "/duty/now", "who is on duty in an area and one level below", func(ctx context.Context, in *struct {
		Region string `query:"region"`
	}) (duty.NowPage, error) {
		return s.Now(ctx, in.Region)
	})
	call(a, http.MethodGet, "/duty/roster", "shifts, turns and overrides of an area", func(ctx context.Context, in *struct {
		Region string       `query:"region"`
		From   clock.Millis `query:"from"`
		To     clock.Millis `query:"to"`
	}) (duty.RosterPage, error) {
		return s.Roster(ctx, in.Region, in.From, in.To)
	})
	call(a, http.MethodPost, "/duty/roster", "write a shift, an override or a rotation", func(ctx context.Context, in *struct {
		Body duty.RosterRequest
	}) (duty.RosterAnswer, error) {
		return s.AddRoster(ctx, in.Body)
	})
	call(a, http.MethodDelete, "/duty/roster/{id}", "end an entry of a roster", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, s.RemoveRoster(ctx, in.ID)
	})
	call(a, http.MethodGet, "/duty/gaps", "duties with nobody reachable", func(ctx context.Context, _ *struct{}) (duty.GapsPage, error) {
		return s.Gaps(ctx)
	})
	call(a, http.MethodGet, "/duty/handover", "what the next shift must know", func(ctx context.Context, _ *struct{}) (duty.HandoverPage, error) {
		return s.Handover(ctx)
	})
	call(a, http.MethodPost, "/duty/handover", "hand the seat over", func(ctx context.Context, in *struct {
		Body duty.HandoverRequest
	}) (done, error) {
		return done{true}, s.HandOver(ctx, in.Body)
	})
	call(a, http.MethodGet, "/policies/holidays", "the years' days off and make-up days", func(ctx context.Context, _ *struct{}) (duty.Holidays, error) {
		return s.Holidays(ctx)
	})
	call(a, http.MethodPut, "/policies/holidays", "enter or correct a year", func(ctx context.Context, in *struct{ Body duty.Year }) (done, error) {
		return done{true}, s.SaveHolidays(ctx, in.Body)
	})
}
