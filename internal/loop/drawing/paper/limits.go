package paper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Limits are the dated figures of the pipeline (policy/drawing/limits.json).
type Limits struct {
	From   string `json:"from"` // civil date
	Source string `json:"source"`
	// BlurMM is the width, on the paper, over which a mark's edge may rise.
	BlurMM float64 `json:"blur_mm"`
	// DarkLuma is the least brightness of paper, ContrastLuma the least
	// distance of black from it; 0–255.
	DarkLuma     float64 `json:"dark_luma"`
	ContrastLuma float64 `json:"contrast_luma"`
	// Shares of the frame, and darkness from 0 (paper) to 1 (black).
	BlankCoverage float64 `json:"blank_coverage"`
	SmallBoxShare float64 `json:"small_box_share"`
	FaintDarkness float64 `json:"faint_darkness"`
	HeavyDarkness float64 `json:"heavy_darkness"`
	BlackShare    float64 `json:"black_share"`
	// DarkOnlyColoured is the share of coloured ink below which only dark
	// colour was used.
	DarkOnlyColoured float64 `json:"dark_only_coloured"`
	BottomCentre     float64 `json:"bottom_centre"` // height of the centre, 0 top
	EdgeMM           float64 `json:"edge_mm"`       // length of ink at an edge
	// SameDistance is how many of 64 bits of both hashes may differ between
	// two pictures of one drawing.
	SameDistance     int `json:"same_distance"`
	KeepPhotoDays    int `json:"keep_photo_days"`    // the photo itself, after the drawing is decided
	KeepRejectedDays int `json:"keep_rejected_days"` // photos that came to nothing
}

// LimitsBook is the limits by date.
type LimitsBook []Limits

// ReadLimits reads limits.json and checks it.
func ReadLimits(files fs.FS) (LimitsBook, error) {
	data, err := fs.ReadFile(files, "limits.json")
	if err != nil {
		return nil, err
	}
	var book LimitsBook
	if err := json.Unmarshal(data, &book); err != nil {
		return nil, fmt.Errorf("limits of drawings: %w", err)
	}
	if len(book) == 0 {
		return nil, errors.New("limits of drawings: none")
	}
	for i, l := range book {
		if _, err := time.Parse(time.DateOnly, l.From); err != nil || i > 0 && book[i-1].From >= l.From {
			return nil, errors.New("limits of drawings must be ordered by date")
		}
		if l.BlurMM <= 0 || l.BlankCoverage <= 0 || l.SameDistance < 0 || l.SameDistance > 16 || l.KeepPhotoDays < 1 || l.KeepRejectedDays < 1 || l.Source == "" {
			return nil, fmt.Errorf("limits of drawings from %s are out of range", l.From)
		}
	}
	return book, nil
}

// On gives the limits of a civil date; before the first, the first.
func (b LimitsBook) On(date string) Limits {
	held := b[0]
	for _, l := range b {
		if l.From <= date {
			held = l
		}
	}
	return held
}
