package batch

import (
	"io"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// mostScanPixels bounds a page's picture: A3 at 600 dpi.
const mostScanPixels = 64 << 20

// scan gives the largest picture of a page as a file of its own.
func scan(doc *model.Context, page int) (data []byte, ok bool) {
	stubs, err := pdfcpu.ExtractPageImages(doc, page, true)
	if err != nil {
		return nil, false
	}
	best, pixels := 0, 0
	for n, m := range stubs {
		if m.Thumb || m.Width < 1 || m.Height < 1 || m.Width > mostScanPixels/m.Height {
			continue
		}
		// By number where two are alike, so that a file reads the same twice.
		if size := m.Width * m.Height; size > pixels || size == pixels && n < best {
			best, pixels = n, size
		}
	}
	// A letterhead's logo is no scan.
	if pixels < 400_000 {
		return nil, false
	}
	images, err := pdfcpu.ExtractPageImages(doc, page, false)
	if err != nil || images[best].Reader == nil {
		return nil, false
	}
	data, err = io.ReadAll(io.LimitReader(images[best].Reader, mostPhoto+1))
	return data, err == nil && len(data) <= mostPhoto
}
