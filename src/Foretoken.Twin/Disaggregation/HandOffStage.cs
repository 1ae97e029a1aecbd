namespace Foretoken.Twin.Disaggregation;

/// <summary>Where a request stands whose prompt and answer are computed in different places.</summary>
/// <param name="IsComputed">Its prompt is computed.</param>
/// <param name="Generates">The other replica has begun with its answer.</param>
/// <param name="Worker">The replica that it is at or on its way to; -1 where none was chosen.</param>
internal readonly record struct HandOffStage(bool IsComputed, bool Generates, int Worker);
