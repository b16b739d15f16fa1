package org.xecomla.spark.stage;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprint;
import org.xecomla.files.StageDirectory;

/** Names what a stage was made from, so that a change of it is noticed. */
final class InputDigests {
    private InputDigests() {}

    /** Digests of text files, by key and place in the list. */
    static Map<String, String> ofFiles(String key, List<String> files) {
        Map<String, String> digests = new TreeMap<>();
        for (int i = 0; i < files.size(); i++) {
            Path path = DataFiles.path(files.get(i));
            if (!DataFiles.exists(path)) {
                throw new UserException("no such file: " + DataFiles.display(path) + " (" + key + ")");
            }
            digests.put(key + "." + i, Fingerprint.of(path));
        }
        return digests;
    }

    /** One digest of a model's directory. */
    static String ofModel(Path directory) {
        return Fingerprint.of(directory);
    }

    /** The digest of a finished stage's output: that of its manifest, which holds those of its files. */
    static String ofStage(StageDirectory directory, String kind) {
        directory.requireComplete(kind);
        return DataFiles.sha256(directory.file(StageDirectory.MANIFEST));
    }
}
