import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;

/**
 * Writes what the Kafka on the class path says about its own server options: the model (argument 1), and Kafka's
 * verdict on many values of every option (argument 2), which the tests hold the Go validation against.
 *
 * <p>Only what can be expressed exactly enters the model. A validator this program does not understand is left out
 * and named under "unexpressed", because a model that refuses what Kafka accepts is worse than one that is silent.
 */
public final class Extract {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern RANGE_OR_ONE = Pattern.compile("\\[(-?\\d+),\\.\\.\\.,(-?\\d+)] or (-?\\d+)");

    public static void main(String[] args) throws Exception {
        Map<String, ConfigKey> keys = new TreeMap<>(kafka.server.KafkaConfig.configDef().configKeys());
        Map<String, String> modes = updateModes();
        TreeSet<String> unexpressed = new TreeSet<>();
        List<Map<String, Object>> options = new ArrayList<>();
        for (ConfigKey key : keys.values()) {
            options.add(option(key, modes.getOrDefault(key.name, "read-only"), unexpressed));
        }
        Files.writeString(Path.of(args[0]), lines(options));
        Files.writeString(Path.of(args[1]), verdicts(keys.values(), options, unexpressed));
    }

    /** The dynamic update modes moved from the Scala object to a Java class in Kafka 4.3. */
    @SuppressWarnings("unchecked")
    private static Map<String, String> updateModes() throws ReflectiveOperationException {
        Object owner = null;
        Class<?> holder;
        try {
            holder = Class.forName("org.apache.kafka.server.config.DynamicBrokerConfig");
        } catch (ClassNotFoundException beforeKafka43) {
            holder = Class.forName("kafka.server.DynamicBrokerConfig$");
            owner = holder.getField("MODULE$").get(null);
        }
        return (Map<String, String>) holder.getMethod("dynamicConfigUpdateModes").invoke(owner);
    }

    private static Map<String, Object> option(ConfigKey key, String scope, Collection<String> unexpressed)
            throws ReflectiveOperationException {
        Map<String, Object> option = new LinkedHashMap<>();
        option.put("name", key.name);
        option.put("type", key.type.name().toLowerCase(java.util.Locale.ROOT));
        option.put("scope", scope);
        if (key.hasDefault() && key.defaultValue != null) {
            option.put("default", ConfigDef.convertToString(key.defaultValue, key.type));
        }
        if (key.validator != null && !express(key.validator, option)) {
            unexpressed.add(key.name);
        }
        return option;
    }

    /** Adds the validator's rules to the option; false when it has a rule that the model cannot hold exactly. */
    private static boolean express(ConfigDef.Validator validator, Map<String, Object> option)
            throws ReflectiveOperationException {
        switch (validator.getClass().getSimpleName()) {
            case "Range":
                putNumber(option, "min", field(validator, "min"));
                putNumber(option, "max", field(validator, "max"));
                return true;
            case "ValidString":
                option.put("enum", field(validator, "validStrings"));
                return true;
            case "CaseInsensitiveValidString":
                option.put("enum", new TreeSet<>((Collection<?>) field(validator, "validStrings")));
                option.put("anyCase", true);
                return true;
            case "ValidList":
                expressList(validator, option);
                return true;
            case "NonEmptyString":
                option.put("nonEmpty", true);
                return true;
            case "NonNullValidator":
                return true; // a value from a file is never null
            case "LambdaValidator":
                return expressRangeOrOne(validator, option);
            case "CompositeValidator":
                boolean all = true;
                for (Object part : (List<?>) field(validator, "validators")) {
                    all &= express((ConfigDef.Validator) part, option);
                }
                return all;
            default:
                return false;
        }
    }

    private static void expressList(ConfigDef.Validator validator, Map<String, Object> option)
            throws ReflectiveOperationException {
        List<?> items = (List<?>) field(field(validator, "validString"), "validStrings");
        if (!items.isEmpty()) {
            option.put("items", items);
        }
        if (!(boolean) field(validator, "isEmptyAllowed")) {
            option.put("nonEmpty", true);
        }
        option.put("distinct", true);
    }

    /** "[1,...,9] or -1" hides the numbers in code; the text is believed only if the code agrees around them. */
    private static boolean expressRangeOrOne(ConfigDef.Validator validator, Map<String, Object> option) {
        Matcher text = RANGE_OR_ONE.matcher(validator.toString());
        if (!text.matches() || !option.get("type").equals("int")) {
            return false;
        }
        TreeSet<Long> allowed = LongStream.rangeClosed(Long.parseLong(text.group(1)), Long.parseLong(text.group(2)))
                .boxed().collect(Collectors.toCollection(TreeSet::new));
        allowed.add(Long.parseLong(text.group(3)));
        for (long n = allowed.first() - 1000; n <= allowed.last() + 1000; n++) {
            if (allowed.contains(n) != passes(validator, (String) option.get("name"), (int) n)) {
                return false;
            }
        }
        option.put("enum", allowed.stream().map(String::valueOf).toList());
        return true;
    }

    private static boolean passes(ConfigDef.Validator validator, String name, Object value) {
        try {
            validator.ensureValid(name, value);
            return true;
        } catch (RuntimeException refused) {
            return false;
        }
    }

    private static void putNumber(Map<String, Object> option, String name, Object number) {
        if (number != null) {
            option.put(name, number.toString());
        }
    }

    private static Object field(Object object, String name) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }

    /** One option a line, so that a change of Kafka reads well as a diff. */
    private static String lines(List<Map<String, Object>> options) {
        return options.stream().map(Extract::json).collect(Collectors.joining(",\n", "[\n", "\n]\n"));
    }

    /** Every value is tried on every option: one character each, 1 when Kafka takes it. */
    private static String verdicts(Collection<ConfigKey> keys, List<Map<String, Object>> options,
            Collection<String> unexpressed) {
        List<String> values = List.copyOf(probes(options));
        Map<String, String> taken = new TreeMap<>();
        for (ConfigKey key : keys) {
            taken.put(key.name, values.stream().map(v -> accepts(key, v) ? "1" : "0").collect(Collectors.joining()));
        }
        String rows = taken.entrySet().stream().map(e -> json(e.getKey()) + ":" + json(e.getValue()))
                .collect(Collectors.joining(",\n", "{\n", "\n}"));
        return "{\"unexpressed\":" + json(unexpressed) + ",\n\"values\":" + json(values) + ",\n\"taken\":" + rows + "}\n";
    }

    private static boolean accepts(ConfigKey key, String value) {
        try {
            Object parsed = ConfigDef.parseType(key.name, value, key.type);
            return key.validator == null || passes(key.validator, key.name, parsed);
        } catch (RuntimeException refused) {
            return false;
        }
    }

    /** Values that parse in surprising ways, and those on and next to every border any option has. */
    private static TreeSet<String> probes(List<Map<String, Object>> options) {
        TreeSet<String> values = new TreeSet<>(List.of("", " ", ",", "a", "a,b", "a,a", " a , b ", "a,,b", "a,", "true",
                " TRUE ", "False", "yes", "+1", " 7 ", "1_000", "1,5", "0x10", "1L", "-0", "0.5", ".5", "5.", "1e3", "1.5d",
                "2f", "0x1p3", "NaN", "-NaN", "nan", "Infinity", "-Infinity", "inf", "1e400", "32767", "32768", "-32768",
                "-32769", "2147483648", "-2147483649", "9223372036854775808", "-9223372036854775809"));
        for (Map<String, Object> option : options) {
            addBorder(values, option.get("min"));
            addBorder(values, option.get("max"));
            addWords(values, option.get("enum"));
            addWords(values, option.get("items"));
        }
        return values;
    }

    private static void addBorder(Collection<String> values, Object border) {
        if (border == null) {
            return;
        }
        String text = border.toString();
        values.add(text);
        if (text.matches("-?\\d+")) {
            values.add(new java.math.BigInteger(text).add(java.math.BigInteger.ONE).toString());
            values.add(new java.math.BigInteger(text).subtract(java.math.BigInteger.ONE).toString());
            return;
        }
        values.add(String.valueOf(Math.nextUp(Double.parseDouble(text))));
        values.add(String.valueOf(Math.nextDown(Double.parseDouble(text))));
    }

    private static void addWords(Collection<String> values, Object words) {
        if (words == null) {
            return;
        }
        List<String> all = ((Collection<?>) words).stream().map(String::valueOf).toList();
        values.addAll(all);
        all.forEach(word -> values.add(word.toLowerCase(java.util.Locale.ROOT)));
        values.add(String.join(" ,", all));
        values.add(all.get(0) + "," + all.get(0));
        values.add(all.get(0) + ",other");
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
