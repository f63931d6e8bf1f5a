package sheet

// Point is a place on the sheet, mm from its top left corner.
type Point struct{ X, Y float64 }

// Box is an area of the sheet, mm.
type Box struct{ X, Y, W, H float64 }

// Inset gives the box without a border of d mm.
func (b Box) Inset(d float64) Box { return Box{b.X + d, b.Y + d, b.W - 2*d, b.H - 2*d} }

// Layout is where things are on the sheet. All lengths in mm.
type Layout struct {
	Version      int
	Width        float64
	Height       float64
	Marks        [4]Point // centres: top left, top right, bottom right, bottom left
	MarkSize     float64  // side of a mark
	HollowSize   float64  // side of the white square in the first mark
	QR           Box      // the code without its quiet zone
	Quiet        float64  // white around the code
	Frame        Box      // where the child draws; its printed line is just outside
	FrameLine    float64
	SafePrinting float64 // nothing is printed nearer to the edge
}

// One is the first layout: A4 upright.
var one = Layout{
	Version: 1, Width: 210, Height: 297,
	Marks:    [4]Point{{14, 14}, {196, 14}, {196, 283}, {14, 283}},
	MarkSize: 8, HollowSize: 4,
	QR: Box{164, 23, 24, 24}, Quiet: 4.6,
	Frame: Box{16, 55, 178, 218}, FrameLine: 0.3, SafePrinting: 8,
}

// Current is the layout that new sheets are printed by.
func Current() Layout { return one }

// LayoutOf gives a layout by its version.
func LayoutOf(version int) (Layout, bool) { return one, version == 1 }
