package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.xecomla.config.RunConfig;
import org.xecomla.config.UpcycleConfig.EnergyRounding;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.llama.LlamaReader;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.RankPolicy;

/**
 * The site's parity page says what the code computes, and the code computes what X-EcoMLA published, or the row says
 * why.
 */
class ParityTest {
    private static final Path PAGE = Path.of("src/site/markdown/parity.md");

    @Test
    void kvCacheIsThatOfTheTables() throws IOException {
        List<Map<String, String>> rows = table("KV cache");
        for (Map<String, String> row : rows) {
            ModelConfig base = base(row);
            String layers = row.get("latent layers");
            ModelConfig student = student(
                    base,
                    row.get("r_kv"),
                    "auto",
                    row.get("d_r"),
                    layers.equals("all") ? layers : "[" + layers.replace(' ', ',') + "]");
            double percent = 100.0 * student.kvElementsPerToken() / base.kvElementsPerToken();
            assertEquals(text("%.2f", percent), row.get("here %"), row::toString);
            requireAgreement(row.get("paper %"), percent, row);
        }
        assertEquals(29, rows.size());
    }

    @Test
    void dynamicRanksAreWhatTheirLabelsImply() throws IOException {
        for (Map<String, String> row : table("Dynamic ranks in the tables")) {
            ModelConfig base = base(row);
            int ofLayer = base.attention().get(0).kvElementsPerToken();
            double rank = Double.parseDouble(row.get("paper %")) / 100 * ofLayer - integer(row, "d_r");
            assertEquals(text("%.1f", rank), row.get("mean r_kv here"), row::toString);
            double label = Double.parseDouble(row.get("paper %"));
            assertTrue(percentOf(base, Math.floor(rank), row) <= label, row::toString);
            assertTrue(percentOf(base, Math.ceil(rank), row) >= label, row::toString);
        }
    }

    private static double percentOf(ModelConfig base, double rank, Map<String, String> row) {
        ModelConfig student = student(base, Integer.toString((int) rank), "auto", row.get("d_r"), "all");
        return 100.0 * student.kvElementsPerToken() / base.kvElementsPerToken();
    }

    @Test
    void parametersAreCountedAlike() throws IOException {
        for (Map<String, String> row : table("Parameters")) {
            ModelConfig model = base(row);
            if (!row.get("r_kv").equals("-")) {
                model = student(model, row.get("r_kv"), row.get("r_q"), row.get("d_r"), "all");
            }
            long count = ParameterShapes.numParameters(model);
            assertEquals(text("%,d", count), row.get("here"), row::toString);
            String published = row.get("published").replace(",", "");
            if (published.endsWith(" B")) {
                requireAgreement(published.replace(" B", ""), count / 1e9, row);
            } else {
                assertEquals(Long.parseLong(published), count, row::toString);
            }
        }
    }

    @Test
    void queryRanksGiveParityOfParameters() throws IOException {
        for (Map<String, String> row : table("Query ranks")) {
            ModelConfig student = student(base(row), row.get("r_kv"), "auto", row.get("d_r"), "all");
            int rank = ((AttentionConfig.Mla) student.attention().get(0)).qLoraRank();
            assertEquals(Integer.toString(rank), row.get("here"), row::toString);
            requireAgreement(row.get("published r_q"), rank, row);
        }
    }

    @Test
    void yarnRampsAreTheKnownOnes() throws IOException {
        for (Map<String, String> row : table("YaRN ramps")) {
            ModelConfig base = base(row);
            int dim = integer(row, "d_r");
            RopeScaling.Yarn own = (RopeScaling.Yarn) student(base, "64", "auto", row.get("d_r"), "all")
                    .attention()
                    .get(0)
                    .ropeScaling();
            RopeScaling yarn = new RopeScaling.Yarn(
                    own.factor(),
                    integer(row, "original length"),
                    own.betaFast(),
                    own.betaSlow(),
                    own.mscale(),
                    own.mscaleAllDim());
            RopeFrequencies scaled = RopeFrequencies.of(dim, base.ropeTheta(), yarn);
            assertEquals(ramp(base, dim, scaled, own.factor()), row.get("ramp here"), row::toString);
            assertEquals(text("%.4f", scaled.attentionFactor()), row.get("factor here"), row::toString);
            assertEquals(row.get("published ramp"), row.get("ramp here"));
            assertEquals(row.get("published factor on cos and sin"), row.get("factor here"));
        }
    }

    /** The last plane that keeps its frequency, and the first that is divided by the whole factor. */
    private static String ramp(ModelConfig base, int dim, RopeFrequencies scaled, double factor) {
        List<Double> plain =
                RopeFrequencies.of(dim, base.ropeTheta(), RopeScaling.NONE).inverse();
        int low = 0;
        int high = dim / 2 - 1;
        for (int j = 0; j < dim / 2; j++) {
            double slower = plain.get(j) / scaled.inverse().get(j);
            low = slower < 1 + 1e-9 ? j : low;
            high = slower > factor * (1 - 1e-9) ? Math.min(high, j) : high;
        }
        return low + " to " + high;
    }

    @Test
    void dynamicRanksFollowBothRules() throws IOException {
        for (Map<String, String> row : table("Dynamic ranks on given spectra")) {
            IntToDoubleFunction square =
                    switch (row.get("spectrum")) {
                        case "0.99^j" -> j -> Math.pow(0.99, j);
                        case "1/(j+1)" -> j -> 1.0 / (j + 1);
                        default -> j -> Double.parseDouble(row.get("spectrum"));
                    };
            Matrix values = Matrix.build(1, 1024, (r, j) -> Math.sqrt(square.applyAsDouble(j)));
            double share = Double.parseDouble(row.get("share"));
            int paper = new RankPolicy.Energy(share, EnergyRounding.PAPER).rank(values);
            int code = new RankPolicy.Energy(share, EnergyRounding.CODE).rank(values);
            assertEquals(Integer.toString(paper), row.get("paper's rule here"), row::toString);
            assertEquals(Integer.toString(code), row.get("code's rule here"), row::toString);
            assertEquals(row.get("paper's rule"), row.get("paper's rule here"), row::toString);
            assertEquals(row.get("code's rule"), row.get("code's rule here"), row::toString);
        }
    }

    @Test
    void shippedRunsAreThoseOfThePaper() throws IOException {
        Set<String> files = new TreeSet<>(Set.of("llama3.2-1b-8b-teacher.conf"));
        try (Stream<Path> there = Files.list(Path.of("conf/paper"))) {
            there.forEach(file -> files.add("paper/" + file.getFileName()));
        }
        for (Map<String, String> row : table("Shipped runs")) {
            assertTrue(files.remove(row.get("configuration")), row::toString);
            RunConfig config = RunConfig.load("conf/" + row.get("configuration"), Map.of());
            assertTrue(config.models().requireBase().endsWith("/" + row.get("base")), row::toString);
            assertTrue(config.models().requireTeacher().endsWith("/" + row.get("teacher")), row::toString);
            ModelConfig base = base(row);
            assertEquals(shape(row.get("teacher")).vocabSize(), base.vocabSize());
            int length = config.sequence().lengthFor(base);
            assertEquals(2048, length);
            ModelConfig student = UpcyclePlan.of(config.upcycle(), base).student(base);
            double percent = 100.0 * student.kvElementsPerToken() / base.kvElementsPerToken();
            assertEquals(text("%.2f", percent), row.get("KV % here"), row::toString);
            requireAgreement(row.get("paper %"), percent, row);
            double parameters = ParameterShapes.numParameters(student) / 1e6;
            assertEquals(text("%.2f", parameters), row.get("M parameters here"), row::toString);
            long tokens = config.distill().tokens().orElseThrow();
            assertEquals(text("%,d", tokens), row.get("tokens"), row::toString);
            long steps = tokens / length / config.distill().optimizer().batchSequences();
            assertEquals(text("%,d", steps), row.get("steps here"), row::toString);
            assertEquals(
                    List.of(1.0, 0.0),
                    List.of(config.targets().temperature(), config.distill().alpha()));
            if (config.dpo().isEnabled()) {
                assertEquals(0.01, config.dpo().beta());
                assertEquals(1024, config.dpo().maxLengthFor(base));
                assertEquals(512, config.dpo().maxPromptLengthFor(base));
            }
        }
        assertEquals(Set.of(), files, "configurations that the page does not list");
    }

    private static ModelConfig base(Map<String, String> row) {
        return shape(row.getOrDefault("base", row.get("model")));
    }

    private static ModelConfig shape(String name) {
        return LlamaReader.shape(DataFiles.path("conf/shapes/" + name + "/config.json"));
    }

    private static ModelConfig student(
            ModelConfig base, String kvRank, String queryRank, String ropeDim, String layers) {
        Map<String, String> settings = Map.of(
                "upcycle.profile", "paper",
                "upcycle.kv-lora-rank", kvRank,
                "upcycle.q-lora-rank", queryRank,
                "upcycle.qk-rope-head-dim", ropeDim,
                "upcycle.qk-nope-head-dim", ropeDim,
                "upcycle.layers", layers);
        return UpcyclePlan.of(RunConfig.ofOverrides(settings).upcycle(), base).student(base);
    }

    /** What is published rounds to the same digits, or the row has a note. */
    private static void requireAgreement(String published, double here, Map<String, String> row) {
        if (published.equals("-")) {
            return;
        }
        int point = published.indexOf('.');
        double unit = point < 0 ? 1 : Math.pow(10, point + 1.0 - published.length());
        boolean agrees = Math.abs(Double.parseDouble(published) - here) <= unit / 2 + 1e-9;
        boolean noted = !row.getOrDefault("note", "").isEmpty();
        assertTrue(agrees || noted, () -> "differs without a word of explanation: " + row);
    }

    private static int integer(Map<String, String> row, String column) {
        return Integer.parseInt(row.get(column));
    }

    private static String text(String format, Object value) {
        return String.format(Locale.ROOT, format, value);
    }

    /** The rows of the table under a heading, by the names of its columns. */
    private static List<Map<String, String>> table(String heading) throws IOException {
        List<String> lines = Files.readAllLines(PAGE);
        int at = lines.indexOf("## " + heading);
        assertTrue(at >= 0, "no heading " + heading);
        List<List<String>> cells = new ArrayList<>();
        for (String line : lines.subList(at + 1, lines.size())) {
            if (line.startsWith("## ")) {
                break;
            }
            if (line.startsWith("|")) {
                cells.add(List.of(line.substring(1, line.lastIndexOf('|')).split("\\|", -1)).stream()
                        .map(String::strip)
                        .toList());
            }
        }
        List<Map<String, String>> rows = new ArrayList<>();
        for (List<String> row : cells.subList(2, cells.size())) {
            Map<String, String> named = new LinkedHashMap<>();
            for (int c = 0; c < row.size(); c++) {
                named.put(cells.get(0).get(c), row.get(c));
            }
            rows.add(named);
        }
        assertFalse(rows.isEmpty());
        return rows;
    }
}
