package org.xecomla.files;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is wrong with JSON, in words of the file and not of the library that reads it. */
public final class JsonFaults {
    // The library says it in words only.
    private static final Pattern TWICE = Pattern.compile("Duplicate field '(.*?)'");

    private JsonFaults() {}

    /** That it is broken, how where that is known, and where. */
    public static String describe(IOException e) {
        if (!(e instanceof JsonProcessingException json)) {
            return "cannot be read: " + e.getMessage();
        }
        return "is broken JSON" + place(json.getLocation()) + reason(json);
    }

    private static String reason(JsonProcessingException e) {
        Matcher twice = TWICE.matcher(String.valueOf(e.getOriginalMessage()));
        if (twice.find()) {
            return ": the key \"" + twice.group(1) + "\" stands twice";
        }
        if (e instanceof JsonEOFException) {
            return ": it ends too early";
        }
        if (e instanceof StreamConstraintsException) {
            return ": nested too deeply, or a string or number in it too long";
        }
        return e instanceof InputCoercionException ? ": a number that is out of range" : "";
    }

    /** Line and column, both from 1; nothing where they are not known. */
    public static String place(JsonLocation location) {
        return location == null || location.getLineNr() < 1
                ? ""
                : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
    }
}
