package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

// District gives n badges whose children live around the middle, within the
// radius in metres, in hamlets with a school each, as a rural district is.
// id names the i-th badge, protocol its way to speak.
func District(n int, middle Place, radius float64, seed uint64, id, protocol func(i int) string) []Device {
	const perHamlet = 20
	r := rand.New(rand.NewPCG(seed, 4))
	list := make([]Device, 0, n)
	var hamlet Place
	for i := range n {
		if i%perHamlet == 0 {
			turn, far := r.Float64()*2*math.Pi, radius*math.Sqrt(r.Float64())
			hamlet = middle.move(far*math.Cos(turn), far*math.Sin(turn))
		}
		home := hamlet.move(r.NormFloat64()*500, r.NormFloat64()*500)
		list = append(list, Device{ID: id(i), Protocol: protocol(i), Home: home, School: hamlet})
	}
	return list
}

// IMEI makes the i-th number of the test range 00-1010 with its check digit,
// which no sold device has.
func IMEI(i int) string {
	s := fmt.Sprintf("00101000%06d", i%1_000_000)
	sum := 0
	for k, c := range s {
		d := int(c - '0')
		if k%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s + strconv.Itoa((10-sum%10)%10)
}
