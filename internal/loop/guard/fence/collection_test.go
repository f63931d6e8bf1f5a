package fence

import (
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
)

const lake = `[[[105.70,29.70],[105.71,29.70],[105.71,29.71],[105.70,29.71],[105.70,29.70]]]`

func TestAFileBringsItsPolygonsAndTellsWhatIsNone(t *testing.T) {
	text := `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"name":" 龙水湖 "},"geometry":{"type":"Polygon","coordinates":` + lake + `}},
		{"type":"Feature","properties":{"NAME":"双塘"},"geometry":{"type":"MultiPolygon","coordinates":[` + lake + `,` + lake + `]}},
		{"type":"Feature","properties":{"name":"渡口"},"geometry":{"type":"Point","coordinates":[105.7,29.7]}}]}`
	got, err := ReadCollection([]byte(text), geo.WGS84)
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v %v", got, err)
	}
	for i, want := range []string{"龙水湖", "双塘", "双塘", "渡口"} {
		if got[i].Name != want || (got[i].Err != nil) != (i == 3) {
			t.Errorf("%d: %+v", i, got[i])
		}
	}
	bare, err := ReadCollection([]byte(`{"type":"Polygon","coordinates":`+lake+`}`), geo.GCJ02)
	if err != nil || len(bare) != 1 || bare[0].Err != nil {
		t.Fatalf("%+v %v", bare, err)
	}
	p := bare[0].Outline.Polygon[0][0]
	if d := geo.Metres(geo.Point{Lat: p[1], Lon: p[0]}, geo.Point{Lat: 29.7, Lon: 105.7}); d < 100 || d > 1000 {
		t.Errorf("not moved to WGS-84: %v, %.0f m", p, d)
	}
	for _, bad := range []string{"", "{}", `{"type":"FeatureCollection","features":[]}`, "[1,2]"} {
		if _, err := ReadCollection([]byte(bad), geo.WGS84); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
