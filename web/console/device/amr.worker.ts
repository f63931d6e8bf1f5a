// AMR is what watches speak and play, and what no browser does: the codec runs
// here, so that a page with a ringing alarm does not stand still meanwhile.
import begin from "benz-amr-recorder/src/amrnb.js";

begin();
