import { loadDistrictLine } from "./numbers";
import { tilesPicture } from "./tiles";

document.querySelector("[data-tiles]")?.insertAdjacentHTML("beforeend", tilesPicture());
void loadDistrictLine();
