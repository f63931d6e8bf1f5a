package crypto

import "testing"

// The values are synthetic: area 500199 is not assigned.
const (
	benchAAD  = "person.id_number/01920000-0000-7000-8000-000000000001"
	benchText = "500199201501010014"
)

func BenchmarkSeal(b *testing.B) {
	for _, alg := range Algs() {
		k := Ephemeral(alg)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.Seal(benchAAD, benchText)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, alg := range Algs() {
		k := Ephemeral(alg)
		cell := k.Seal(benchAAD, benchText)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Open(benchAAD, cell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSubjectOpen(b *testing.B) {
	for _, alg := range Algs() {
		k := Ephemeral(alg)
		s, wrapped := k.NewSubject()
		cell := s.Seal(benchAAD, benchText)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := k.Subject(wrapped)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.Open(benchAAD, cell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNewSubject(b *testing.B) {
	for _, alg := range Algs() {
		k := Ephemeral(alg)
		b.Run(string(alg), func(b *testing.B) {
			for b.Loop() {
				k.NewSubject()
			}
		})
	}
}

func BenchmarkIndex(b *testing.B) {
	for _, alg := range Algs() {
		k := Ephemeral(alg)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.Index("id_number", benchText)
			}
		})
	}
}

func BenchmarkPassword(b *testing.B) {
	p := NewPasswords(1)
	for b.Loop() {
		if _, err := p.Hash(b.Context(), "Tiger-4-Boat"); err != nil {
			b.Fatal(err)
		}
	}
}
