using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>Short forms for the many fields that are simply there or not.</summary>
internal static class Optional
{
    public static Field<double?> Number(string name, string meaning, UnitTable? units = null, double min = 0, double max = double.PositiveInfinity, bool aboveMin = false) =>
        new(new OptionalType<double>(new NumberType(units ?? UnitTable.Number, min, max, aboveMin))) { Name = name, Meaning = meaning, DefaultText = "not set" };

    public static Field<int?> Count(string name, string meaning, long min = 1, long max = int.MaxValue) =>
        new(new OptionalType<int>(new IntegerType(min, max))) { Name = name, Meaning = meaning, DefaultText = "not set" };

    public static Field<long?> LongCount(string name, string meaning, long min = 1, long max = long.MaxValue) =>
        new(new OptionalType<long>(new LongType(min, max))) { Name = name, Meaning = meaning, DefaultText = "not set" };

    public static Field<SimDuration?> Duration(string name, string meaning, bool aboveZero = false) =>
        new(new OptionalType<SimDuration>(new DurationType(aboveZero))) { Name = name, Meaning = meaning, DefaultText = "not set" };

    public static Field<Bound> Part(string name, string meaning, Section section) =>
        new(new SectionType(section)) { Name = name, Meaning = meaning, OmitWhenAbsent = true, DefaultText = "not set" };

    public static Field<IReadOnlyList<T>> List<T>(string name, string meaning, FieldType<T> inner, int minCount = 1) =>
        new(new ListType<T>(inner, minCount)) { Name = name, Meaning = meaning, DefaultText = "not set" };
}
