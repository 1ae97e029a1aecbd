namespace Foretoken.Hardware.Gpus;

/// <summary>A number and where it is from.</summary>
/// <param name="Value">The number, in the unit that the property which holds it names.</param>
/// <param name="Source">A document, a measurement, a user's file with its line; "recalled" marks what nobody looked up again.</param>
public sealed record Figure(double Value, string Source);
