package org.xecomla.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFaults;
import org.xecomla.files.Manifest;
import org.xecomla.files.RunStatus;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.gguf.GgufModel;
import org.xecomla.formats.gguf.GgufWriter;
import org.xecomla.targets.TargetShards;

/** What a directory of the project holds, line by line. */
public record DirectoryDescription(Path path) {
    private static final String GGUF = ".gguf";
    private static final int SHOWN_DIGITS = 12;
    private static final int MAX_DEPTH = 8; // of a run, and a sweep's, are 4
    private static final int MAX_DIRECTORIES = 2000;
    private static final Map<String, String> KINDS = Map.of(
            "shards", "token shards",
            "targets", "a teacher's targets",
            "student-init", "the student before training",
            "distill", "a distillation",
            "dpo", "a preference stage",
            "checkpoint", "a checkpoint of training",
            "eval", "an evaluation",
            "export", "an exported model",
            "model", "a model made by pretrain");

    /**
     * @param verify whether to read every file and compare it with its checksum
     * @throws UserException where there is no such directory, nothing of this project in it, or a file is not as it was
     *     written
     */
    public List<String> lines(boolean verify) {
        if (path.getName().endsWith(GGUF) && !DataFiles.isDirectory(path)) {
            return gguf();
        }
        if (!DataFiles.isDirectory(path)) {
            throw new UserException("no directory " + DataFiles.display(path));
        }
        List<String> lines = new ArrayList<>();
        if (DataFiles.exists(new Path(path, RunStatus.FILE))) {
            run(lines);
            if (verify) {
                verifyAll(lines);
            }
        } else if (DataFiles.exists(new Path(path, StageDirectory.MANIFEST))) {
            stage(lines, verify);
        } else if (DataFiles.exists(new Path(path, "config.json"))) {
            lines.add(DataFiles.display(path) + ": a model in Hugging Face's layout, not made by this project");
            model(lines);
        } else if (DataFiles.exists(new Path(path, GgufWriter.FILE))) {
            return new DirectoryDescription(new Path(path, GgufWriter.FILE)).gguf();
        } else {
            List<Path> stages = stages(path);
            if (stages.isEmpty()) {
                throw new UserException(DataFiles.display(path) + " holds nothing of this project: neither "
                        + StageDirectory.MANIFEST + " nor " + RunStatus.FILE + " nor a config.json");
            }
            lines.add(DataFiles.display(path) + ":");
            children(stages, lines);
        }
        return lines;
    }

    private List<String> gguf() {
        GgufModel model = GgufModel.open(path);
        List<String> lines = new ArrayList<>(List.of(DataFiles.display(path) + ": a model in one GGUF file"));
        model(model.config(), model.type(), lines);
        return lines;
    }

    private void run(List<String> lines) {
        RunStatus status = RunStatus.read(path);
        lines.add(DataFiles.display(path) + ": a run, " + state(status)
                + (status.stage() == null ? "" : ", last stage " + status.stage())
                + (status.step() > 0 ? String.format(Locale.ROOT, ", step %,d", status.step()) : ""));
        if (status.error() != null) {
            lines.add("  stopped by: " + status.error());
        }
        children(stages(path), lines);
    }

    /** Compares all that has ended, and names every directory in which something is not as it was written. */
    private void verifyAll(List<String> lines) {
        List<StageDirectory> finished = StageDirectory.finishedBelow(path);
        List<String> broken = new ArrayList<>();
        for (StageDirectory stage : finished) {
            try {
                stage.verify();
            } catch (UserException e) {
                broken.add(e.getMessage());
            }
        }
        if (!broken.isEmpty()) {
            throw new UserException(String.join("; ", broken));
        }
        lines.add("  every file of " + finished.size() + " finished directories is as it was written");
    }

    private static String state(RunStatus status) {
        if (status.hasExpired(Instant.now())) {
            return "killed: its driver was last heard of at " + status.updated();
        }
        return status.state().name().toLowerCase(Locale.ROOT)
                + (status.state() == RunStatus.State.RUNNING ? " since " + status.started() : "");
    }

    private List<Path> stages(Path directory) {
        List<Path> found = new ArrayList<>();
        collect(directory, 0, new int[1], found);
        return found;
    }

    private void collect(Path directory, int depth, int[] numSeen, List<Path> found) {
        if (depth > MAX_DEPTH) {
            return;
        }
        for (Path child : DataFiles.list(directory)) {
            if (DataFiles.isDirectory(child)) {
                if (++numSeen[0] > MAX_DIRECTORIES) {
                    throw new UserException(DataFiles.display(path) + " has more than " + MAX_DIRECTORIES
                            + " directories below it: name the run, or one of its stages");
                }
                if (DataFiles.exists(new Path(child, StageDirectory.MANIFEST))) {
                    found.add(child);
                } else {
                    collect(child, depth + 1, numSeen, found);
                }
            }
        }
    }

    private void children(List<Path> stages, List<String> lines) {
        int prefix = DataFiles.display(path).length() + 1;
        for (Path child : stages) {
            StageDirectory stage = new StageDirectory(child);
            Manifest manifest = stage.manifest();
            lines.add("  " + DataFiles.display(child).substring(prefix) + ": " + kind(manifest) + ", "
                    + (stage.isComplete() ? "complete" : "not complete") + counts(manifest));
        }
    }

    private static String kind(Manifest manifest) {
        return KINDS.getOrDefault(manifest.kind(), manifest.kind());
    }

    private static String counts(Manifest manifest) {
        return manifest.counts().entrySet().stream()
                .map(count -> String.format(Locale.ROOT, ", %,d %s", count.getValue(), count.getKey()))
                .collect(Collectors.joining());
    }

    private void stage(List<String> lines, boolean verify) {
        StageDirectory stage = new StageDirectory(path);
        Manifest manifest = stage.manifest();
        lines.add(DataFiles.display(path) + ": " + kind(manifest) + ", "
                + (stage.isComplete() ? "complete" : "not complete: run its stage again, it goes on where it stopped"));
        if (!manifest.counts().isEmpty()) {
            lines.add("  holds " + counts(manifest).substring(2));
        }
        content(manifest, stage.isComplete(), lines);
        long bytes = manifest.files().values().stream()
                .mapToLong(Manifest.FileEntry::bytes)
                .sum();
        if (!manifest.files().isEmpty()) {
            lines.add(String.format(
                    Locale.ROOT, "  %,d files, %s", manifest.files().size(), size(bytes)));
        }
        lines.add("  made by revision " + manifest.revision() + " with seed " + manifest.seed());
        lines.add("  from " + shortened(manifest.inputs()));
        lines.add("  by " + join(manifest.settings()));
        if (verify) {
            stage.verify();
            lines.add("  every file is as it was written");
        }
        List<Path> below = stages(path);
        children(below, lines);
    }

    private void content(Manifest manifest, boolean complete, List<String> lines) {
        if (manifest.kind().equals("shards") && complete) {
            try (TokenShards shards = TokenShards.open(path)) {
                lines.add(String.format(
                        Locale.ROOT,
                        "  %,d sequences of %,d tokens in %,d shards, vocabulary %,d%s%s",
                        shards.numSequences(),
                        shards.sequenceLength(),
                        shards.numShards(),
                        shards.spec().vocabSize(),
                        shards.spec().packing().attentionAcrossDocuments() ? "" : "; documents do not see each other",
                        shards.spec().marked() ? "; some tokens are not learned" : ""));
            }
            dropped(lines);
        } else if (manifest.kind().equals("targets") && complete) {
            targets(manifest, lines);
        } else if (DataFiles.exists(new Path(path, "config.json"))) {
            model(lines);
        } else if (DataFiles.exists(new Path(path, GgufWriter.FILE))) {
            lines.addAll(new DirectoryDescription(new Path(path, GgufWriter.FILE)).gguf());
        } else if (DataFiles.exists(new Path(path, "result.json"))) {
            for (JsonNode model : json(new Path(path, "result.json")).path("models")) {
                Map<String, String> values = new TreeMap<>();
                model.fields().forEachRemaining(field -> {
                    if (!field.getKey().equals("model")) {
                        values.put(field.getKey(), field.getValue().asText());
                    }
                });
                lines.add("  " + model.path("model").asText() + ": " + join(values));
            }
        }
    }

    private void dropped(List<String> lines) {
        Path file = new Path(path, "report.json");
        if (DataFiles.exists(file)) {
            JsonNode report = json(file);
            lines.add(String.format(
                    Locale.ROOT,
                    "  %,d of %,d documents kept; dropped: %s",
                    report.path("kept").asLong(),
                    report.path("documents").asLong(),
                    report.path("dropped").toString().replaceAll("[{}\"]", "").replace(",", ", ")));
        }
    }

    private void targets(Manifest manifest, List<String> lines) {
        try (TargetShards targets = TargetShards.open(path)) {
            long bytes = manifest.files().values().stream()
                    .mapToLong(Manifest.FileEntry::bytes)
                    .sum();
            Long tokens = manifest.counts().get("tokens");
            lines.add(String.format(
                    Locale.ROOT,
                    "  for %,d sequences in %,d shards%s",
                    targets.numSequences(),
                    targets.numShards(),
                    tokens == null ? "" : String.format(Locale.ROOT, "; %.2f bytes a token", (double) bytes / tokens)));
        }
    }

    private void model(List<String> lines) {
        ModelDirectory directory = ModelDirectory.open(path);
        model(directory.config(), directory.dtype().name().toLowerCase(Locale.ROOT), lines);
    }

    private static void model(ModelConfig model, String type, List<String> lines) {
        Map<String, Integer> layers = new TreeMap<>();
        model.attention().forEach(layer -> layers.merge(attention(layer), 1, Integer::sum));
        lines.add(String.format(
                Locale.ROOT,
                "  %d layers of width %,d, vocabulary %,d, up to %,d positions, weights in %s",
                model.numLayers(),
                model.hiddenSize(),
                model.vocabSize(),
                model.maxPositionEmbeddings(),
                type));
        layers.forEach((attention, count) -> lines.add("  " + count + " x " + attention));
        lines.add(String.format(Locale.ROOT, "  caches %,d elements a token", model.kvElementsPerToken()));
    }

    private static String attention(AttentionConfig layer) {
        if (layer instanceof AttentionConfig.Mla mla) {
            return String.format(
                    Locale.ROOT,
                    "MLA: %d heads of %d + %d rotated, KV latent %d, %s",
                    mla.numHeads(),
                    mla.qkNopeHeadDim(),
                    mla.qkRopeHeadDim(),
                    mla.kvLoraRank(),
                    mla.qLoraRank() == 0 ? "full queries" : "query latent " + mla.qLoraRank());
        }
        if (layer instanceof AttentionConfig.LowRankGqa lowRank) {
            return String.format(
                    Locale.ROOT,
                    "%s, latent %d for keys, %d for values",
                    attention(lowRank.full()),
                    lowRank.keyRank(),
                    lowRank.valueRank());
        }
        AttentionConfig.Gqa gqa = (AttentionConfig.Gqa) layer;
        return String.format(
                Locale.ROOT,
                "GQA: %d heads of %d, %d for keys and values",
                gqa.numHeads(),
                gqa.headDim(),
                gqa.numKvHeads());
    }

    private static String shortened(Map<String, String> digests) {
        Map<String, String> some = new TreeMap<>();
        digests.forEach((name, digest) ->
                some.put(name, digest.length() > SHOWN_DIGITS ? digest.substring(0, SHOWN_DIGITS) : digest));
        return join(some);
    }

    private static String join(Map<String, String> values) {
        return values.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    private static String size(long bytes) {
        double value = bytes;
        String[] units = {"bytes", "kB", "MB", "GB", "TB"};
        int unit = 0;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    }

    private static JsonNode json(Path file) {
        try {
            return new ObjectMapper().readTree(DataFiles.readText(file));
        } catch (JsonProcessingException e) {
            throw new UserException(DataFiles.display(file) + " " + JsonFaults.describe(e), e);
        }
    }
}
