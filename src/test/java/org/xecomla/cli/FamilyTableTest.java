package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.WeightType;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.GoldenRun;
import org.xecomla.nn.Goldens;
import org.xecomla.safetensors.Dtype;
import org.xecomla.serve.Exporter;
import org.xecomla.serve.SequenceLogits;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;

/** The table of families on the page of models: what it says of each is measured here, on its golden model. */
@Tag("python")
class FamilyTableTest {
    private static final Path PAGE = Path.of("src/site/markdown/models.md");
    private static final Path MEASURED = Path.of("target/families.md");
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final List<String> COLUMNS = List.of(
            "golden model",
            "`model_type`",
            "logits",
            "gradients",
            "`xecomla`, 25 %",
            "`aligned`, 25 %",
            "`aligned`, 100 %",
            "`lowrank`, 25 %",
            "`lowrank`, 100 %",
            "exports of the base",
            "exports of an `aligned` student");

    private static final List<ExportConfig.Format> FORMATS = List.of(
            ExportConfig.Format.LLAMA,
            ExportConfig.Format.DEEPSEEK_V3,
            ExportConfig.Format.XECOMLA,
            ExportConfig.Format.GGUF,
            ExportConfig.Format.NATIVE);

    private static final Set<ExportConfig.Format> LOADED_HERE =
            Set.of(ExportConfig.Format.LLAMA, ExportConfig.Format.DEEPSEEK_V3, ExportConfig.Format.XECOMLA);

    @TempDir
    private Path directory;

    @Test
    void thePageSaysWhatIsMeasured() throws Exception {
        List<String> lines = new ArrayList<>();
        lines.add(row(COLUMNS));
        lines.add(row(COLUMNS.stream().map(column -> "---").toList()));
        for (String family : families()) {
            lines.add(row(cells(family)));
        }
        String table = String.join("\n", lines) + "\n";
        Files.writeString(MEASURED, table);
        System.out.print(table);
        assertTrue(Files.readString(PAGE).contains(table), MEASURED + " is another table than that of " + PAGE);
    }

    private static List<String> families() throws IOException {
        try (Stream<Path> fixtures = Files.list(GOLDEN)) {
            Stream<String> names = fixtures.map(path -> path.getFileName().toString());
            return Stream.concat(Stream.of("llama-gqa-tied"), names.filter(name -> name.startsWith("family-")))
                    .sorted()
                    .toList();
        }
    }

    private static String row(List<String> cells) {
        return cells.stream().collect(Collectors.joining(" | ", "| ", " |"));
    }

    private List<String> cells(String family) throws Exception {
        org.apache.hadoop.fs.Path path = DataFiles.path(GOLDEN.resolve(family).toString());
        String json = Files.readString(GOLDEN.resolve(family).resolve("config.json"));
        List<String> cells = new ArrayList<>(List.of(
                family.replace("family-", ""),
                "`" + new JsonMapper().readTree(json).path("model_type").asText() + "`"));
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE)) {
            GoldenRun.Errors errors = GoldenRun.check(family, path, kernels);
            cells.add(bound(errors.logits()));
            cells.add(bound(errors.gradient()));
        }
        ModelDirectory base = ModelDirectory.open(path);
        double[] logits = logits(base);
        for (String start : List.of("xecomla 0.25", "aligned 0.25", "aligned 1", "lowrank 0.25", "lowrank 1")) {
            double distance = Goldens.relativeError(logits(started(base, family, start)), logits);
            cells.add(distance < 1e-3 ? bound(distance) : String.format(Locale.ROOT, "%.2f", distance));
        }
        cells.add(exports(base));
        cells.add(exports(started(base, family, "aligned 0.25")));
        return cells;
    }

    /** Up to rounding of the stored weights, of which the last digits are nobody's concern. */
    private static String bound(double error) {
        return "< 1e" + Math.max(-5, (int) Math.ceil(Math.log10(error)));
    }

    private static double[] logits(ModelDirectory model) {
        int[] ids = new Random(99).ints(23, 0, model.config().vocabSize()).toArray();
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                LoadedModel loaded = LoadedModel.open(model, kernels, ids.length)) {
            float[] logits = SequenceLogits.of(loaded.model(), ids); // (T*V)
            return IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).toArray();
        }
    }

    /** The student that {@code start}, a method and its budget, makes of random text. */
    private ModelDirectory started(ModelDirectory base, String family, String start) throws IOException {
        Path place = directory.resolve(family + " " + start);
        org.apache.hadoop.fs.Path path = DataFiles.path(place.toString());
        if (!Files.exists(place)) {
            String[] method = start.split(" ");
            ModelConfig model = base.config();
            Map<String, String> settings =
                    Map.of("upcycle.method", method[0], "upcycle.kv-budget", method[1], "upcycle.q-lora-rank", "none");
            UpcyclePlan plan = UpcyclePlan.of(RunConfig.ofOverrides(settings).upcycle(), model);
            List<TokenSequence> text = IntStream.range(0, 64)
                    .mapToObj(seed -> TokenSequence.of(
                            new Random(seed).ints(23, 0, model.vocabSize()).toArray()))
                    .toList();
            try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                    Student student = StudentInitializer.make(base, plan, () -> text, kernels, ElementType.DOUBLE)) {
                ModelDirectory.save(
                        path,
                        student.config(),
                        student.weights(),
                        new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty()));
            }
        }
        return ModelDirectory.open(path);
    }

    /** The formats that take the model; llama.cpp has a ring of its own, and native is what all else here reads. */
    private String exports(ModelDirectory model) throws Exception {
        List<String> taken = new ArrayList<>();
        for (ExportConfig.Format format : FORMATS) {
            try {
                new Exporter(model, format, WeightType.F32).notes();
            } catch (ConfigException refused) {
                continue;
            }
            taken.add(format.display() + (LOADED_HERE.contains(format) ? loaded(model, format) : ""));
        }
        return String.join(", ", taken);
    }

    /** Who has loaded an export, and found the model's logits. */
    private String loaded(ModelDirectory model, ExportConfig.Format format) throws Exception {
        String name = DataFiles.display(model.path());
        String export = directory
                .resolve(model.path().getName() + " " + format.display())
                .toString();
        CheckExport.run("export", "--model", name, "--format", format.display(), "--dtype", "f32", "--out", export);
        String said = CheckExport.said(name, export, directory);
        String line = said.lines()
                .filter(l -> l.contains(": logits differ by"))
                .findFirst()
                .orElseThrow();
        return format == ExportConfig.Format.XECOMLA ? "" : " (`" + line.substring(0, line.indexOf(':')) + "`)";
    }
}
