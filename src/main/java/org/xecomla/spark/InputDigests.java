package org.xecomla.spark;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.UserException;
import org.xecomla.files.DataFiles;
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
            digests.put(key + "." + i, DataFiles.sha256(path));
        }
        return digests;
    }

    /** One digest of a model's configuration and weights. */
    static String ofModel(Path directory) {
        StringBuilder all = new StringBuilder();
        for (Path file : DataFiles.list(directory)) {
            String name = file.getName();
            if (name.equals("config.json") || name.endsWith(".safetensors")) {
                all.append(name).append(' ').append(DataFiles.sha256(file)).append('\n');
            }
        }
        return sha256(all.toString());
    }

    /** The digest of a finished stage's output: that of its manifest, which holds those of its files. */
    static String ofStage(StageDirectory directory, String kind) {
        directory.requireComplete(kind);
        return DataFiles.sha256(directory.file(StageDirectory.MANIFEST));
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
