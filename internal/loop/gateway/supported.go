package gateway

import (
	"slices"

	"zugou/internal/centre/signal"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/gt06"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/watch"
)

// Commands lists what can be sent down by a protocol, in order of their names;
// nil for a protocol that has nothing of the kind. An MQTT badge is told
// anything of our contract.
func Commands(source signal.Source) []down.Kind {
	if !slices.Contains([]signal.Source{signal.Watch, signal.JT808, signal.GT06, signal.MQTT}, source) {
		return nil
	}
	var out []down.Kind
	for _, c := range down.Samples() {
		if Fits(source, c) == nil {
			out = append(out, c.Kind)
		}
	}
	slices.Sort(out)
	return out
}

// Fits tells whether the protocol can carry the command, before anybody counts
// on it. Of a protocol that is not known yet nothing can be said: nil. Errors:
// those of the codecs.
func Fits(source signal.Source, c down.Command) error {
	var err error
	switch source {
	case signal.Watch:
		_, err = watch.Command(watch.Header{Vendor: "3G", ID: "1"}, c)
	case signal.JT808:
		_, err = jt808.Command(jt808.Header{}, c)
	case signal.GT06:
		_, err = gt06.Command(c, 1)
	}
	return err
}
