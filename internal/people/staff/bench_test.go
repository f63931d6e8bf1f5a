package staff_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
)

// What every request pays for its actor: one query, no cache.
func BenchmarkActor(b *testing.B) {
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			d := dbtest.Open(b, engine, clock.NewFake(dbtest.Start))
			s := staff.New(d, crypto.Ephemeral(crypto.AES), plainPasswords{}, staff.Options{District: district, Demo: true})
			if err := d.Update(bg, func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, district) }); err != nil {
				b.Fatal(err)
			}
			made, err := s.Found(access.With(bg, access.System("test")), staff.CreateRequest{Account: "anna", Name: "安", Department: access.Township, Region: town, Reason: "x"})
			if err != nil {
				b.Fatal(err)
			}
			out, err := s.SignIn(bg, here, staff.SignInRequest{Account: "anna", Password: made.InitialPassword})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				if _, _, err := s.Actor(bg, out.Token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
