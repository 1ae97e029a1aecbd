using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A length of time with its unit, exact to the nanosecond.</summary>
/// <param name="aboveZero">Whether zero is excluded.</param>
public sealed class DurationType(bool aboveZero = false) : FieldType<SimDuration>
{
    // A hundred years: anything longer is a mistake, and sums of such times still fit.
    private const decimal Longest = 100m * 365 * 86400 * 1_000_000_000;

    /// <summary>Whether zero is excluded.</summary>
    public bool AboveZero { get; } = aboveZero;

    /// <inheritdoc />
    public override string Expected => AboveZero ? "a duration above 0 with its unit, such as 500ms, 2s, 5m or 1h" : "a duration with its unit, such as 0s, 500ms, 2s, 5m or 1h";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out SimDuration value)
    {
        value = default;
        if (!TryText(node, context, path, out var scalar))
        {
            return false;
        }

        var text = scalar.Text;
        if (text.Trim() is "0" && !AboveZero)
        {
            return true;
        }

        if (!UnitTable.Duration.TryRead(text, out var nanoseconds, out var problem, path))
        {
            context.Add(node.Origin, path, problem!.Message, problem.Fix);
            return false;
        }

        if (nanoseconds < 0 || nanoseconds > Longest || (AboveZero && nanoseconds == 0))
        {
            context.Add(node.Origin, path, $"{scalar.Shown} is out of range", $"expected {Expected}; at most 100 years");
            return false;
        }

        if (nanoseconds != decimal.Truncate(nanoseconds))
        {
            context.Add(node.Origin, path, $"{scalar.Shown} is finer than a nanosecond", "a nanosecond is the smallest unit of time here");
            return false;
        }

        value = new SimDuration((long)nanoseconds);
        return true;
    }

    /// <inheritdoc />
    public override string Show(SimDuration value) => value == SimDuration.Zero ? "0s" : UnitTable.Duration.Show(value.Nanoseconds);
}
