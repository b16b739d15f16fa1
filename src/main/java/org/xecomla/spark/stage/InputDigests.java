package org.xecomla.spark.stage;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.text.CorpusFiles;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.files.StageDirectory;
import org.xecomla.spark.driver.RunContext;

/** Names what a stage was made from, so that a change of it is noticed. */
final class InputDigests {
    private final Map<String, String> digests = new TreeMap<>();
    private final Fingerprints fingerprints;

    InputDigests(RunContext context) {
        this.fingerprints = context.fingerprints();
    }

    /** Adds text files, by key and place in the list. */
    InputDigests files(String key, List<String> files) {
        for (int i = 0; i < files.size(); i++) {
            Path path = DataFiles.path(files.get(i));
            digests.put(key + "." + i, CorpusFiles.of(path).fingerprint(fingerprints));
        }
        return this;
    }

    /** Adds a model's directory, as one digest. */
    InputDigests model(String name, Path directory) {
        digests.put(name, fingerprints.of(directory));
        return this;
    }

    /**
     * Requires that a model is still the one that {@code made} was made from.
     *
     * @param name of the model among that output's inputs
     * @throws UserException where it is another
     */
    void requireStill(String name, Path directory, StageDirectory made) {
        String before = made.isComplete() ? made.manifest().inputs().get(name) : null;
        if (before != null && !before.equals(fingerprints.of(directory))) {
            throw new UserException("the " + name + " in " + DataFiles.display(directory)
                    + " is no longer the one that "
                    + DataFiles.display(made.path()) + " was made from: it has been replaced, or is damaged. Bring it"
                    + " back, or remove that directory and run again");
        }
    }

    /** Adds the output of a finished stage: the digest of its manifest, which holds those of its files. */
    InputDigests stage(String name, StageDirectory directory, String kind) {
        directory.requireComplete(kind);
        digests.put(name, directory.digest());
        return this;
    }

    /** Adds what has a digest of its own. */
    InputDigests digest(String name, String digest) {
        digests.put(name, digest);
        return this;
    }

    String get(String name) {
        return digests.get(name);
    }

    Map<String, String> all() {
        return digests;
    }
}
