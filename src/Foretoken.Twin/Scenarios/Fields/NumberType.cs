using System.Globalization;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A number in a range, with the units of a <see cref="UnitTable"/>.</summary>
/// <param name="units">The units: <see cref="UnitTable.Number"/>, <see cref="UnitTable.Rate"/> or <see cref="UnitTable.Bandwidth"/>.</param>
/// <param name="min">Smallest value.</param>
/// <param name="max">Largest value; infinity for none.</param>
/// <param name="aboveMin">Whether <paramref name="min"/> itself is excluded.</param>
public sealed class NumberType(UnitTable units, double min = 0, double max = double.PositiveInfinity, bool aboveMin = false) : FieldType<double>
{
    /// <summary>The units.</summary>
    public UnitTable Units { get; } = units;

    /// <summary>Smallest value.</summary>
    public double Min { get; } = min;

    /// <summary>Largest value.</summary>
    public double Max { get; } = max;

    /// <summary>Whether the smallest value itself is excluded.</summary>
    public bool AboveMin { get; } = aboveMin;

    /// <inheritdoc />
    public override string Expected
    {
        get
        {
            var low = AboveMin ? $"above {Show(Min)}" : $"at least {Show(Min)}";
            var range = double.IsPositiveInfinity(Max) ? low : AboveMin ? $"{low} and at most {Show(Max)}" : $"from {Show(Min)} to {Show(Max)}";
            return double.IsNegativeInfinity(Min) ? Units.What : $"{Units.What} {range}";
        }
    }

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out double value)
    {
        value = 0;
        if (!TryText(node, context, path, out var scalar))
        {
            return false;
        }

        if (!Units.TryRead(scalar.Text, out var exact, out var problem, path))
        {
            context.Add(node.Origin, path, problem!.Message, $"expected {Expected}, {problem.Fix}");
            return false;
        }

        value = (double)exact;
        if (value < Min || value > Max || (AboveMin && value == Min))
        {
            context.Add(node.Origin, path, $"{scalar.Shown} is out of range", $"expected {Expected}");
            return false;
        }

        return true;
    }

    /// <inheritdoc />
    public override string Show(double value) =>
        Units.PlainAllowed ? value.ToString("R", CultureInfo.InvariantCulture) : Units.Show((decimal)value);
}
