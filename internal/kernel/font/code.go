package font

import (
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"

	"zugou/internal/kernel/errs"
)

// QR draws a QR code of level M, without a margin, in a square of side mm at
// x, y, and gives its modules a side.
func (p *PDF) QR(x, y, side float64, text string) (modules int, err error) {
	qr, err := encoder.Encoder_encodeWithoutHint(text, decoder.ErrorCorrectionLevel_M)
	if err != nil {
		return 0, errs.Internal(err)
	}
	m := qr.GetMatrix()
	module := side / float64(m.GetWidth())
	p.SetFillColor(0, 0, 0)
	for j := range m.GetHeight() {
		for i := 0; i < m.GetWidth(); i++ {
			if m.Get(i, j) != 1 {
				continue
			}
			from := i
			for i+1 < m.GetWidth() && m.Get(i+1, j) == 1 {
				i++
			}
			// One bar a run: bars that touch print without hair lines between.
			p.Rect(x+float64(from)*module, y+float64(j)*module, float64(i-from+1)*module, module, "F")
		}
	}
	return m.GetWidth(), nil
}
