package org.xecomla.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFaults;
import org.xecomla.files.Manifest;
import org.xecomla.files.SealedFiles;
import org.xecomla.files.StageDirectory;

/** {@value #FILE}: all there is of a run, finished or not, on one page that needs no other file. */
public final class RunReport {
    public static final String FILE = "report.html";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TRAINING = List.of("distill", "dpo");
    private static final int SHOWN_FILES = 30; // of a stage; its manifest names all

    private final Path directory;
    private final Optional<RunRecord> record;
    private final Map<String, StageDirectory> stages = new LinkedHashMap<>();

    private RunReport(Path directory, List<StageDirectory> outputs) {
        this.directory = directory;
        this.record = RunRecord.read(directory);
        for (StageDirectory stage : outputs) {
            if (DataFiles.exists(stage.file(StageDirectory.MANIFEST))) {
                String name = directory.toUri().relativize(stage.path().toUri()).getPath();
                stages.put(name, stage);
            }
        }
    }

    /**
     * Writes the page into the run's directory; returns its path.
     *
     * @param outputs of the run's stages, in their order, whether they are there or not
     * @throws UserException where the directory holds no run
     */
    public static Path write(Path directory, List<StageDirectory> outputs) {
        RunReport report = new RunReport(directory, outputs);
        if (report.stages.isEmpty()) {
            throw new UserException(DataFiles.display(directory) + " holds no stage of a run: name the run.dir of one");
        }
        Path file = new Path(directory, FILE);
        DataFiles.writeString(file, report.page().toHtml());
        return file;
    }

    private HtmlPage page() {
        HtmlPage page = new HtmlPage("xecomla: " + directory.getName());
        page.lead(DataFiles.display(directory)
                + record.map(r -> ", " + r.revision()).orElse(""));
        addResult(page);
        addFrontier(page);
        addDecode(page);
        for (String name : TRAINING) {
            addCurves(page, name);
        }
        addStages(page);
        addConfiguration(page);
        addDigests(page);
        return page;
    }

    private Optional<String> read(String file) {
        Path path = new Path(directory, file);
        return DataFiles.exists(path)
                ? Optional.of(SealedFiles.of(path.getParent()).readString(path))
                : Optional.empty();
    }

    // ---- sections ----

    private void addResult(HtmlPage page) {
        read("eval/result.json").ifPresent(json -> {
            JsonNode result = parse("eval/result.json", json);
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of(
                    "", "perplexity", "KL to teacher", "of base", "KV bytes per token", "KV elements per token"));
            for (JsonNode model : result.path("models")) {
                rows.add(List.of(
                        model.path("model").asText(),
                        number("%.3f", model.path("perplexity")),
                        number("%.4f", model.path("kl_to_teacher")),
                        TextTable.percent(model.path("kv_share_of_base").asDouble()),
                        number("%,.0f", model.path("kv_bytes_per_token")),
                        number("%,.0f", model.path("kv_elements_per_token"))));
            }
            page.section("Result");
            page.table(rows);
            String closed = result.has("kl_gap_closed")
                    ? "; distillation closed "
                            + TextTable.percent(result.path("kl_gap_closed").asDouble()) + " of the KL gap"
                    : "";
            page.note("KL in nats per position; KV cache over all layers, bytes in "
                    + result.path("kv_dtype").asText() + closed);
        });
    }

    private static JsonNode parse(String name, String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new UserException(name + " of the run " + JsonFaults.describe(e), e);
        }
    }

    private static String number(String format, JsonNode value) {
        return value.isNumber() ? String.format(Locale.ROOT, format, value.asDouble()) : "-";
    }

    private void addFrontier(HtmlPage page) {
        read("frontier/" + Frontier.FILE).map(Frontier::fromJson).ifPresent(frontier -> {
            page.section("Frontier");
            page.charts(frontier.charts());
            page.table(frontier.rows());
            page.note(frontier.note());
        });
    }

    private void addDecode(HtmlPage page) {
        read("decode/" + DecodeSweep.FILE).map(DecodeSweep::fromJson).ifPresent(sweep -> {
            page.section("Decoding");
            page.charts(sweep.charts());
            page.table(sweep.rows());
            page.note(sweep.note());
        });
    }

    private void addCurves(HtmlPage page, String stage) {
        List<SvgChart> charts = TrainingCurves.read(new Path(directory, stage)).charts();
        if (!charts.isEmpty()) {
            page.section("Training: " + stage);
            page.charts(charts);
        }
    }

    private void addStages(HtmlPage page) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("stage", "state", "made"));
        stages.forEach((name, stage) -> {
            List<String> counts = new ArrayList<>();
            new TreeMap<>(stage.manifest().counts())
                    .forEach((what, count) -> counts.add(String.format(Locale.ROOT, "%,d %s", count, what)));
            rows.add(List.of(name, stage.isComplete() ? "complete" : "in part", String.join(", ", counts)));
        });
        page.section("Stages");
        page.table(rows);
    }

    private void addConfiguration(HtmlPage page) {
        page.section("Configuration");
        record.ifPresent(r -> page.code(String.join("\n", r.commands())));
        Map<String, String> settings =
                new TreeMap<>(record.map(RunRecord::settings).orElse(Map.of()));
        if (record.isEmpty()) {
            stages.values().forEach(stage -> settings.putAll(stage.manifest().settings()));
        }
        page.definitions(settings);
    }

    private void addDigests(HtmlPage page) {
        page.section("Digests");
        page.note("What every stage was made from and what it wrote, by SHA-256; the manifests beside the files hold "
                + "all of it.");
        stages.forEach((name, stage) -> {
            Manifest manifest = stage.manifest();
            Map<String, String> digests = new LinkedHashMap<>();
            digests.put("revision", manifest.revision());
            digests.put("seed", Long.toString(manifest.seed()));
            manifest.inputs().forEach((input, digest) -> digests.put("from " + input, digest));
            manifest.files().entrySet().stream()
                    .limit(SHOWN_FILES)
                    .forEach(file -> digests.put(file.getKey(), file.getValue().sha256()));
            int left = manifest.files().size() - SHOWN_FILES;
            if (left > 0) {
                digests.put("and " + left + " more", "see " + name + "/" + StageDirectory.MANIFEST);
            }
            page.subsection(name);
            page.definitions(digests);
        });
    }
}
