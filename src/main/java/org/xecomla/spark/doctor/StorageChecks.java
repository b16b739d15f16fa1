package org.xecomla.spark.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.corpus.text.CorpusFiles;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;

/** Whether a run's files can be read and its directory be written to, from this process. */
final class StorageChecks {
    private StorageChecks() {}

    static List<Finding> all(RunConfig config) {
        List<Finding> findings = new ArrayList<>();
        findings.add(runDirectory(config));
        model("base.path", config.models().base(), findings);
        if (!config.models().teacher().equals(config.models().base())) {
            model("teacher.path", config.models().teacher(), findings);
        }
        if (findings.stream().allMatch(finding -> finding.verdict() == Finding.Verdict.OK)) {
            config.models().base().ifPresent(base -> findings.add(tokenizer(config)));
        }
        Stream.concat(config.corpus().train().stream(), config.corpus().valid().stream())
                .forEach(file -> findings.add(file(file)));
        return findings;
    }

    /** Makes a file, renames it as every output is, and removes it; leaves no directory behind that was not there. */
    private static Finding runDirectory(RunConfig config) {
        String shown = config.run().dir();
        try {
            Path directory = DataFiles.path(shown);
            boolean wasThere = DataFiles.exists(directory);
            Path probe = new Path(directory, ".probe-" + ProcessHandle.current().pid());
            DataFiles.writeString(probe, "x");
            boolean read = DataFiles.readString(probe).equals("x");
            DataFiles.delete(wasThere ? probe : directory);
            return read
                    ? Finding.ok("run.dir", shown + " can be written to")
                    : Finding.fail(
                            "run.dir", shown + " gives back other bytes than were written: look at its file system");
        } catch (RuntimeException e) {
            return Finding.fail(
                    "run.dir", shown + " cannot be written to (" + firstLine(e) + "): set it to a directory that can");
        }
    }

    private static void model(String key, Optional<String> location, List<Finding> findings) {
        location.ifPresent(path -> {
            try {
                ModelDirectory model = ModelDirectory.open(DataFiles.path(path));
                model.requireFiniteSample();
                findings.add(Finding.ok(key, path + ", " + model.config().numLayers() + " layers"));
            } catch (RuntimeException e) {
                findings.add(Finding.fail(key, firstLine(e)));
            }
        });
    }

    /** Whether tokenizer, model and chat template belong together. */
    private static Finding tokenizer(RunConfig config) {
        try (RunTokenizer run = RunTokenizer.open(config, RunModels.base(config).config())) {
            Tokenizer tokenizer = run.tokenizer();
            Optional<String> note = tokenizer.note();
            if (note.isPresent()) {
                return Finding.warn("tokenizer", note.get());
            }
            return RunModels.chat(config)
                    .template()
                    .flatMap(template -> apart(template, tokenizer))
                    .orElseGet(() -> Finding.ok("tokenizer", tokenizer.vocabSize() + " ids, which the base has"));
        } catch (RuntimeException e) {
            return Finding.fail("tokenizer", firstLine(e));
        }
    }

    /** Only conversations are stopped by it. */
    private static Optional<Finding> apart(ChatTemplate template, Tokenizer tokenizer) {
        try {
            template.requireTokens(tokenizer);
            return Optional.empty();
        } catch (UserException e) {
            return Optional.of(Finding.warn("tokenizer", firstLine(e)));
        }
    }

    /** A file, directory or pattern: whether it is there, and of a form and compression that are read. */
    private static Finding file(String location) {
        try {
            CorpusFiles files = CorpusFiles.of(DataFiles.path(location));
            files.requireReadable();
            long bytes = files.files().stream().mapToLong(DataFiles::length).sum();
            return Finding.ok("corpus", location + ", " + files.files().size() + " files of " + bytes + " bytes");
        } catch (RuntimeException e) {
            return Finding.fail("corpus", firstLine(e) + ": name another in corpus.train or corpus.valid");
        }
    }

    static boolean isReadable(String location) {
        return file(location).verdict() == Finding.Verdict.OK;
    }

    static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }
}
